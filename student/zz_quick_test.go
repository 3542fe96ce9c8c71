package student
import ("testing";"context";"encoding/csv";"os";"time";"sort")
func TestQuick(t *testing.T){
	read:=func(p string)(out []Example){ f,_:=os.Open("/work/shared/data/banking77/"+p); defer f.Close(); r,_:=csv.NewReader(f).ReadAll(); for _,x:=range r[1:]{out=append(out,Example{Text:x[0],Label:x[1]})}; return}
	tr,te:=read("train.csv"),read("test.csv")
	x,err:=Train(context.Background(),tr,Options{}); if err!=nil{t.Fatal(err)}
	n:=0; var d []float64
	for _,e:=range te { s:=time.Now(); p:=x.Student.Predict(e.Text); d=append(d,float64(time.Since(s).Nanoseconds())/1e3); if p.Label==e.Label{n++}}
	sort.Float64s(d)
	b,_:=x.Student.WriteFile(t.TempDir()+"/a")
	t.Log(x.Seconds,x.CrossFitSeconds,b,x.Student.heat,x.Student.card.Metrics,"p50",d[len(d)/2],d[len(d)*99/100])
	if os.Getenv("REPORT")!=""{t.Log(float64(n)/float64(len(te)))}
}
